#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Scenarios: which guests start together, and how they are configured.

A scenario is a text file scenarios/NAME.cfg:

    # One line that says what it shows (printed by ./run.sh -l)
    xenolith [options of the hypervisor]             or xenolith-NAME: another image of it
    module IMAGE [configuration of the domain]
    modules COUNT IMAGE [configuration]              the same domain COUNT times; {n} in it is 1 to COUNT

IMAGE is a guest program by its base name ("hello": build/guest/hello.pvh64) or a file by a path with a slash. A domain
whose program is built for a pv environment gets type="pv". In the default environment each domain that has a name gets
a second module, the same program for pv: the hypervisor takes it where the processor has neither VMX nor SVM.
This module turns a scenario into arguments for QEMU and into entries of a GRUB menu.
"""

import argparse
import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
ENVIRONMENTS = ("pvh64", "pvh32", "pv64")
PV_ENVIRONMENTS = ("pv64",)
MAX_MODULES = 128  # of a boot; BOOT_MAX_MODULES in boot/boot_info.h
# A word of a configuration: anything but blanks, except in double quotes; a backslash makes " \ ' literal.
WORD = re.compile(r"""(?:\\["\\']|[^\s"]|"(?:\\["\\']|[^"])*")+""")
SAFE_IN_GRUB = re.compile(r'(?:[\w=.,:/@%+*?!\[\]-]|"[\w=.,:/@%+*?!\[\] -]*")+')


class ScenarioError(Exception):
    """One sentence for the user."""


class Module:
    """A boot module: an image and the configuration of the domain that it becomes."""

    def __init__(self, image, config):
        self.image = image
        self.config = config

    def environment(self, env):
        """What the program of this module is built for, in a run in the environment env; None: it is a file."""
        if "/" in self.image:
            return None
        suffix = self.image.rpartition(".")[2]
        return suffix if suffix in ENVIRONMENTS else env

    def path(self, build, env):
        """Where the file of this module lies."""
        own = self.environment(env)
        if own is None:
            return self.image
        return f"{build}/guest/{self.image.removesuffix(f'.{own}')}.{own}"

    def configuration(self, env):
        """The configuration of the domain."""
        own = self.environment(env)
        if own is None or own not in PV_ENVIRONMENTS or self.word("type") or self.word("instead_of"):
            return self.config
        return f'{self.config} type="pv"'.lstrip()

    def word(self, key):
        """The word of the configuration that gives this key its value, with its quotes."""
        return next((word for word in words(self.config) if word.lstrip('"').startswith(f"{key}=")), None)

    def for_pv(self, env):
        """The module with this domain's program for pv, if the domain may become one."""
        name = self.word("name")
        if env != ENVIRONMENTS[0] or not name or re.search("[./]", self.image) or self.word("type"):
            return None
        return Module(f"{self.image}.{PV_ENVIRONMENTS[0]}", name.replace("name=", "instead_of=", 1))

    def iso_path(self, env):
        """Where the file of this module lies on the ISO."""
        return "/guest/" + pathlib.PurePath(self.path("", env)).name


class Scenario:
    """A parsed scenario file."""

    def __init__(self, name, description, hypervisor, options, modules):
        self.name = name
        self.description = description
        self.hypervisor = hypervisor
        self.options = options
        self.modules = modules

    def loaded(self, env):
        """All modules that are loaded in the environment env."""
        more = [m for m in (module.for_pv(env) for module in self.modules) if m]
        return self.modules + (more if len(self.modules) + len(more) <= MAX_MODULES else [])

    def qemu_args(self, build, env):
        """Arguments that make QEMU load the hypervisor and the modules by itself (multiboot 1)."""
        args = ["-kernel", f"{build}/{self.hypervisor}"]
        if self.options:
            args += ["-append", self.options]
        if self.modules:
            args += ["-initrd", ",".join(self.qemu_module(m, build, env) for m in self.loaded(env))]
        return args

    @staticmethod
    def qemu_module(module, build, env):
        """One module of -initrd: file and command line; a comma separates modules, two are a literal one."""
        path = module.path(build, env)
        if " " in path:
            raise ScenarioError(f"QEMU cannot load the module '{path}' because its path holds a blank.")
        return f"{path} {module.configuration(env)}".rstrip().replace(",", ",,")

    def grub_entry(self, env, multiboot=2):
        """A menu entry that loads the scenario from the ISO."""
        suffix = "2" if multiboot == 2 else ""
        title = f"{self.name}: {self.description}".replace("'", "")
        ident = self.name if multiboot == 2 else f"{self.name}-mb1"
        lines = [f"menuentry '{title}' --id {ident} {{"]
        lines.append(f"    multiboot{suffix} /boot/{self.hypervisor} {grub_words(self.options)}".rstrip())
        for module in self.loaded(env):
            lines.append(f"    module{suffix} {module.iso_path(env)} {grub_words(module.configuration(env))}".rstrip())
        lines.append("    set gfxpayload=$screen")  # after multiboot2, which sets it as the image's header asks
        return "\n".join(lines + ["}", ""])


def words(text):
    """The words of a configuration, with their quotes."""
    if WORD.sub("", text).strip():
        raise ScenarioError(f"A double quote is not closed in: {text}")
    return WORD.findall(text)


def grub_words(text):
    """The same words for GRUB's shell, which takes $ \\ ; | { } < > & # ' for itself."""
    return " ".join(grub_quote(w) for w in words(text))


def grub_quote(word):
    if SAFE_IN_GRUB.fullmatch(word):
        return word
    plain = re.sub(r'\\(["\'\\])|"', lambda m: m.group(1) or "", word)
    return "'" + plain.replace("'", "'\\''") + "'"


def parse(text, name, where):
    """Text of a scenario file -> Scenario; where is its name in messages."""
    description, hypervisor, options, modules = "", None, None, []
    for number, line in enumerate(text.splitlines(), 1):
        word, _, rest = line.strip().partition(" ")
        rest = rest.strip()
        if not word or word.startswith("#"):
            if not description and not modules and options is None:
                description = line.strip().lstrip("#").strip()
        elif re.fullmatch(r"xenolith(-[a-z]+)?", word):
            if options is not None or modules:
                raise ScenarioError(f"{where}:{number}: 'xenolith' stands once, before the modules.")
            hypervisor, options = word, rest
        elif word in ("module", "modules"):
            count = 1
            if word == "modules":
                number_of, _, rest = rest.partition(" ")
                if not number_of.isdigit():
                    raise ScenarioError(f"{where}:{number}: 'modules' needs a number and the name of an image.")
                count, rest = int(number_of), rest.strip()
            image, _, config = rest.partition(" ")
            if not image:
                raise ScenarioError(f"{where}:{number}: 'module' needs the name of an image.")
            try:
                words(config)
            except ScenarioError as error:
                raise ScenarioError(f"{where}:{number}: {error}") from None
            modules += [Module(image, config.strip().replace("{n}", str(n + 1))) for n in range(count)]
        else:
            known = "'#', 'xenolith', 'module' or 'modules'"
            raise ScenarioError(f"{where}:{number}: a line starts with {known}, not with '{word}'.")
    if options is None:
        raise ScenarioError(f"{where}: there is no line 'xenolith'.")
    return Scenario(name, description or "(no description)", hypervisor, options, modules)


def folder():
    return ROOT / "scenarios"


def names():
    """All scenarios, first those that a new machine is tried with."""
    found = sorted(p.stem for p in folder().glob("*.cfg"))
    return sorted(found, key=lambda n: (n != "tour", n != "report"))


def load(name):
    """A scenario by its name, or by the path of a .cfg file."""
    path = pathlib.Path(name) if name.endswith(".cfg") else folder() / f"{name}.cfg"
    if not path.is_file():
        if name.endswith(".cfg"):
            raise ScenarioError(f"There is no scenario file {name}.")
        known = ", ".join(names()) or "none"
        raise ScenarioError(f"There is no scenario '{name}'; there are: {known}.")
    try:
        where = path.resolve().relative_to(ROOT)
    except ValueError:
        where = path
    return parse(path.read_text(encoding="utf-8"), path.stem, where)


def cmd_list(_):
    found = [load(n) for n in names()]
    width = max((len(s.name) for s in found), default=0)
    for scenario in found:
        print(f"{scenario.name:{width}}  {scenario.description}")


def cmd_check(args):
    load(args.name).qemu_args(args.build, args.env)


def cmd_qemu(args):
    print("\n".join(load(args.name).qemu_args(args.build, args.env)))


def cmd_grub(args):
    print(load(args.name).grub_entry(args.env, args.multiboot), end="")


def main():
    parser = argparse.ArgumentParser(description="Scenarios of Xenolith.")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    for name, function, what in (
        ("list", cmd_list, "names and descriptions, a line each"),
        ("check", cmd_check, "say what is wrong with a scenario"),
        ("qemu", cmd_qemu, "arguments for QEMU's own loader, one a line"),
        ("grub", cmd_grub, "a menu entry for GRUB"),
    ):
        sub = commands.add_parser(name, help=what, description=what)
        sub.set_defaults(function=function)
        sub.add_argument("--build", default="build", help="folder of the build (default: build)")
        sub.add_argument("--env", default=ENVIRONMENTS[0], choices=ENVIRONMENTS, help="environment of the guests")
        sub.add_argument("--multiboot", type=int, default=2, choices=(1, 2))
        if name != "list":
            sub.add_argument("name", help="a scenario's name, or a .cfg file")
    args = parser.parse_args()
    try:
        args.function(args)
    except ScenarioError as error:
        sys.exit(f"scenario: {error}")


if __name__ == "__main__":
    main()
