# SPDX-License-Identifier: MIT
"""Programs of tests, built again around one changed source of evtchn/.

How a program is built is asked of make (`make -n -B`), so that there is one place that knows: the Makefile. A mutant
lies in a folder of its own, which stands first among the include paths; only what contains it is compiled.
"""

import copy
import functools
import os
import re
import resource
import shlex
import signal
import subprocess

WALL = 120  # seconds: a program that sleeps so long hangs
MEMORY = 1 << 30  # bytes that a mutant may hold


class Broken(Exception):
    """A sentence for the user."""


@functools.lru_cache(maxsize=None)
def included_sources(source):
    """Sources of the core that a test includes as a whole."""
    with open(source, encoding="utf-8") as text:
        return set(re.findall(r'^#include "(evtchn/\w+\.c)"', text.read(), re.M))


@functools.lru_cache(maxsize=None)
def headers(source):
    """Headers of the core that one of its files includes, itself or through another."""
    with open(source, encoding="utf-8") as text:
        direct = re.findall(r'^#include "(evtchn/\w+\.h)"', text.read(), re.M)
    return set(direct).union(*(headers(header) for header in direct))


def contains(source, file):
    """Is this source another one, if the file is? A header is taken to be in the core, and nowhere else: tests see it
    unchanged."""
    inside = included_sources(source) | {source}
    if file.endswith(".h"):
        return any(file in headers(name) for name in inside if name.startswith("evtchn/"))
    return file in inside


def limited(seconds, memory):
    def limit():
        resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds + 1))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        resource.setrlimit(resource.RLIMIT_DATA, (memory, memory))

    return limit


class Program:
    """One program of tests, how make builds it, and its arguments."""

    def __init__(self, name, path, make, order):
        self.name, self.path, self.make, self.order = name, path, make, order  # order(file, took) -> arguments
        self.compiles, self.after, self.link = {}, {}, None
        self.seconds = 0
        self.took = {}  # suite -> seconds, where the program tells

    def with_arguments(self, order):
        """The same program, to be run in another way."""
        other = copy.copy(self)
        other.order = order
        return other

    def prepare(self):
        """Build it without a mutant, see how that is done, and how long it runs."""
        done = subprocess.run([*self.make, self.path], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
        if done.returncode:
            raise Broken(f"{done.stdout[-3000:]}{self.path} does not build.")
        self.learn(subprocess.run([*self.make, "-n", "-B", "V=1", self.path], stdout=subprocess.PIPE, text=True, check=True).stdout)
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        caught = self.run(self.path, "", 600)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        if caught:
            raise Broken(f"{self.path} fails without a mutant: {caught}.")
        self.seconds = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime

    def learn(self, commands):
        for line in commands.replace("\\\n", " ").splitlines():
            words = shlex.split(line) if line.startswith(("gcc", "clang", "cc", "objcopy", "x86_64")) else []
            if "-c" in words and "-o" in words:
                self.compiles[words[words.index("-c") + 1]] = words
            elif "-o" in words and words[words.index("-o") + 1] == self.path:
                self.link = words
            elif words:
                self.after.setdefault(words[-1], []).append(words)
        if not self.link:
            raise Broken(f"make does not say how it links {self.path}.")

    def build(self, file, folder):
        """Compile what contains the mutated file, which lies in folder: [(object, its place here)], or None."""
        objects = []
        for source, words in self.compiles.items():
            if not contains(source, file):
                continue
            target = words[words.index("-o") + 1]
            here = os.path.join(folder, f"{self.name}-{source.replace('/', '-')}.o")
            changed = os.path.join(folder, source) if source == file else source
            swap = {source: changed, target: here}
            command = [swap.get(word, word) for word in words if word not in ("-MMD", "-MP", "-g")]
            command.insert(command.index("-I."), f"-I{folder}")
            steps = [command] + [[swap.get(word, word) for word in step] for step in self.after.get(target, [])]
            if any(subprocess.run(step, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False).returncode for step in steps):
                return None
            objects.append((target, here))
        return objects

    def catch(self, file, folder, objects):
        """The suite that fails with these objects, or None."""
        swap = {**dict(objects), self.path: os.path.join(folder, self.name)}
        if subprocess.run([swap.get(word, word) for word in self.link], stderr=subprocess.DEVNULL, check=False).returncode:
            return f"{self.name} (does not link)"
        return self.run(os.path.join(folder, self.name), file, int(3 + 4 * self.seconds))

    def is_sanitized(self):
        """Then it maps terabytes and uses little of them."""
        return any(word.startswith("-fsanitize") for word in self.link)

    def run(self, path, file, seconds):
        """The name of the suite that fails, or None. What runs for too long has failed."""
        command = [path if os.path.sep in path else f"./{path}", *self.order(file, self.took)]
        process = subprocess.Popen(
            command,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            errors="replace",
            preexec_fn=limited(seconds, resource.RLIM_INFINITY if self.is_sanitized() else MEMORY),
            start_new_session=True,
            env={**os.environ, "CMOCKA_TEST_ABORT": "1"},
        )
        try:
            output, _ = process.communicate(timeout=WALL)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            output, _ = process.communicate()
        if process.returncode == 0:
            self.took = self.took or {name: float(took) for name, took in re.findall(r"^took (\w+) ([\d.]+)", output, re.M)}
            return None
        started = re.findall(r"^suite (\w+)", output, re.M)
        return started[-1] if started and self.name == "unit" else self.name
