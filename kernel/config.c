/* SPDX-License-Identifier: MIT */
/* A domain's configuration: a line is cut into words, a word into key and value, and a table knows the keys. */
#include "kernel/config.h"
#include "common/format.h"
#include "common/string.h"
#include "guest/abi/event_channel.h"

#define WORD_MAX (CONFIG_CMDLINE_MAX + CONFIG_NAME_MAX)
#define KEY_MAX 24   /* longer than any key */
#define SHOWN_MAX 60 /* bytes of a value that an error shows */
#define MIB (1ULL << 20)
#define MEMORY_MAX (1ULL << 40)
#define VCPUS_MAX 128
#define BITS_MAX 64 /* of a list of numbers */
#define SUGGEST_DISTANCE 2

/* Cuts the line into words. */
struct lexer {
    const char *line; /* where the next word is */
    const char *start;
    char word[WORD_MAX]; /* the word without its quotes */
};

enum lex { LEX_WORD, LEX_END, LEX_UNCLOSED, LEX_TOO_LONG };

struct config_parser {
    struct domain_config *config;
    char *error;
    const char *given[16]; /* by enum slot: the key that set it */
};

/* Sets its part of the configuration from value; false if the value is not allowed. */
typedef bool (*key_handler)(struct domain_config *config, const char *value);

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

/* A backslash makes the next character literal if that is a quote or a backslash (GRUB writes \' too). */
static bool is_escape(const char *at)
{
    return at[0] == '\\' && (at[1] == '"' || at[1] == '\\' || at[1] == '\'');
}

/* The next word: blanks end it unless they stand in quotes, and quotes may stand anywhere in it. */
static enum lex next_word(struct lexer *lexer)
{
    const char *at = lexer->line;
    bool quoted = false;
    size_t n = 0;

    while (is_blank(*at))
        at++;
    lexer->start = at;
    if (*at == '\0')
        return LEX_END;
    for (; *at != '\0' && (quoted || !is_blank(*at)); at++) {
        if (*at == '"') {
            quoted = !quoted;
            continue;
        }
        if (is_escape(at))
            at++;
        if (n == WORD_MAX - 1)
            return LEX_TOO_LONG;
        lexer->word[n++] = *at;
    }
    lexer->word[n] = '\0';
    lexer->line = at;
    return quoted ? LEX_UNCLOSED : LEX_WORD;
}

/* Copy at most max - 1 bytes of text to shown, fit for the console. */
static const char *show(char *shown, size_t max, const char *text)
{
    size_t n = 0;

    for (; n < max - 1 && text[n] != '\0'; n++)
        shown[n] = text[n] < ' ' || text[n] > '~' ? '?' : text[n];
    shown[n] = '\0';
    return shown;
}

static bool same(const char *a, const char *b)
{
    return strcmp(a, b) == 0;
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* A decimal number at *at; *at moves behind it. False if there is none or it passes max. */
static bool take_number(const char **at, uint64_t max, uint64_t *number)
{
    uint64_t n = 0;

    if (!is_digit(**at))
        return false;
    for (; is_digit(**at); (*at)++) {
        uint64_t digit = (uint64_t)(**at - '0');

        if (n > (max - digit) / 10)
            return false;
        n = n * 10 + digit;
    }
    *number = n;
    return true;
}

static bool whole_number(const char *value, uint64_t min, uint64_t max, uint64_t *number)
{
    return take_number(&value, max, number) && *value == '\0' && *number >= min;
}

static bool copy(char *to, size_t size, const char *value)
{
    size_t n = strlen(value);

    if (n >= size)
        return false;
    memcpy(to, value, n + 1);
    return true;
}

/* 1 to 31 printable characters. */
static bool copy_name(char *to, const char *value)
{
    for (const char *c = value; *c != '\0'; c++)
        if (*c < ' ' || *c > '~')
            return false;
    return value[0] != '\0' && copy(to, CONFIG_NAME_MAX, value);
}

static bool set_name(struct domain_config *config, const char *value)
{
    return copy_name(config->name, value);
}

static bool set_type(struct domain_config *config, const char *value)
{
    config->type = same(value, "pv") ? CONFIG_TYPE_PV : CONFIG_TYPE_PVH;
    return same(value, "pv") || same(value, "pvh");
}

static unsigned suffix_shift(char suffix)
{
    static const uint8_t shifts[] = {['G'] = 30, ['K'] = 10, ['M'] = 20, ['g'] = 30, ['k'] = 10, ['m'] = 20};

    return suffix > 0 && (size_t)suffix < sizeof(shifts) ? shifts[(size_t)suffix] : 0;
}

static bool set_memory(struct domain_config *config, const char *value)
{
    unsigned shift = 20;
    uint64_t n;

    if (!take_number(&value, MEMORY_MAX, &n))
        return false;
    if (*value != '\0')
        shift = suffix_shift(*value++);
    if (shift == 0 || *value != '\0' || n > MEMORY_MAX >> shift)
        return false;
    config->memory = n << shift;
    return config->memory >= MIB && config->memory % 4096 == 0;
}

static bool set_vcpus(struct domain_config *config, const char *value)
{
    uint64_t n;

    if (!whole_number(value, 1, VCPUS_MAX, &n))
        return false;
    config->vcpus = (uint32_t)n;
    return true;
}

static bool set_event_channels(struct domain_config *config, const char *value)
{
    uint64_t n;

    if (!whole_number(value, 1, UINT32_MAX, &n))
        return false;
    config->event_channels = (uint32_t)n;
    return true;
}

static bool set_cmdline(struct domain_config *config, const char *value)
{
    return copy(config->cmdline, CONFIG_CMDLINE_MAX, value);
}

static bool set_privileged(struct domain_config *config, const char *value)
{
    config->privileged = same(value, "yes") || same(value, "1") || same(value, "true");
    return config->privileged || same(value, "no") || same(value, "0") || same(value, "false");
}

/* One element of a list that commas separate: copied to element, *list moves behind it. False if it is too long. */
static bool take_element(const char **list, char *element, size_t size)
{
    size_t n = 0;

    for (; **list != '\0' && **list != ','; (*list)++) {
        if (n == size - 1)
            return false;
        element[n++] = **list;
    }
    element[n] = '\0';
    return true;
}

static bool set_evtchn_extended(struct domain_config *config, const char *value)
{
    char abi[8];

    config->evtchn_extended = 0;
    if (same(value, "none"))
        return true;
    for (;; value++) {
        if (!take_element(&value, abi, sizeof(abi)))
            return false;
        if (same(abi, "fifo"))
            config->evtchn_extended |= EVTCHN_EXTENDED_FIFO;
        else if (same(abi, "3level"))
            config->evtchn_extended |= EVTCHN_EXTENDED_3LEVEL;
        else
            return false;
        if (*value == '\0')
            return true;
    }
}

static bool set_evtchn_numbering(struct domain_config *config, const char *value)
{
    config->evtchn_rfc_numbering = same(value, "rfc");
    return same(value, "rfc") || same(value, "xen");
}

/* "3" or "0-1" at *list; *list moves behind it. */
static bool take_range(const char **list, uint64_t *bits)
{
    uint64_t first, last;

    if (!take_number(list, BITS_MAX - 1, &first))
        return false;
    last = first;
    if (**list == '-') {
        (*list)++;
        if (!take_number(list, BITS_MAX - 1, &last) || last < first)
            return false;
    }
    *bits |= UINT64_MAX << first & UINT64_MAX >> (BITS_MAX - 1 - last);
    return true;
}

/* "0-1,3" up to the character `end`: a bit mask of 0..63. */
static bool take_ranges(const char *list, char end, uint64_t *bits)
{
    *bits = 0;
    for (;; list++) {
        if (!take_range(&list, bits))
            return false;
        if (*list != ',')
            return *list == end && (end == '\0' || list[1] == '\0');
    }
}

static bool set_cpus(struct domain_config *config, const char *value)
{
    config->cpus = UINT64_MAX;
    return same(value, "all") || take_ranges(value, '\0', &config->cpus);
}

/* The brackets are xl.cfg's, where it is a list. */
static bool set_irqs(struct domain_config *config, const char *value)
{
    return value[0] == '[' ? take_ranges(value + 1, ']', &config->irqs) : take_ranges(value, '\0', &config->irqs);
}

static bool set_expect(struct domain_config *config, const char *value)
{
    static const char *const names[] = {
        [CONFIG_EXPECT_SUCCESS] = "success",
        [CONFIG_EXPECT_CRASH] = "crash",
        [CONFIG_EXPECT_RUNNING] = "running",
    };

    for (unsigned i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        if (same(value, names[i])) {
            config->expect = (enum config_expect)i;
            return true;
        }
    }
    return false;
}

static bool set_ramdisk_of(struct domain_config *config, const char *value)
{
    return copy_name(config->ramdisk_of, value);
}

static bool set_instead_of(struct domain_config *config, const char *value)
{
    return copy_name(config->instead_of, value);
}

enum slot {
    SLOT_NAME,
    SLOT_TYPE,
    SLOT_MEMORY,
    SLOT_VCPUS,
    SLOT_EVENT_CHANNELS,
    SLOT_CMDLINE,
    SLOT_PRIVILEGED,
    SLOT_EXTENDED,
    SLOT_NUMBERING,
    SLOT_CPUS,
    SLOT_IRQS,
    SLOT_EXPECT,
    SLOT_RAMDISK_OF,
    SLOT_INSTEAD_OF,
    NR_SLOTS,
};

/* Keys with one slot mean the same. An error says: key="value": must be <allowed>. */
static const struct config_key {
    const char *name;
    enum slot slot;
    key_handler set;
    const char *allowed;
} keys[] = {
    {"name", SLOT_NAME, set_name, "1 to 31 printable characters"},
    {"type", SLOT_TYPE, set_type, "pvh or pv"},
    {"memory", SLOT_MEMORY, set_memory,
     "a number of MiB, or a number with K, M or G, from 1M to 1024G and a multiple of 4K"},
    {"vcpus", SLOT_VCPUS, set_vcpus, "a number from 1 to 128"},
    {"event_channels", SLOT_EVENT_CHANNELS, set_event_channels, "a number from 1 to 4294967295"},
    {"cmdline", SLOT_CMDLINE, set_cmdline, "at most 1023 bytes long"},
    {"extra", SLOT_CMDLINE, set_cmdline, "at most 1023 bytes long"},
    {"privileged", SLOT_PRIVILEGED, set_privileged, "yes or no"},
    {"evtchn_extended", SLOT_EXTENDED, set_evtchn_extended, "a list of fifo and 3level, or none"},
    {"evtchn_numbering", SLOT_NUMBERING, set_evtchn_numbering, "xen or rfc"},
    {"cpus", SLOT_CPUS, set_cpus, "all, or a list such as 0-1,3 of CPUs from 0 to 63"},
    {"irqs", SLOT_IRQS, set_irqs, "a list such as [16,18] or 16-19 of interrupt lines from 0 to 63"},
    {"expect", SLOT_EXPECT, set_expect, "success, crash or running"},
    {"ramdisk_of", SLOT_RAMDISK_OF, set_ramdisk_of, "the name of a domain, 1 to 31 printable characters"},
    {"instead_of", SLOT_INSTEAD_OF, set_instead_of, "the name of a domain, 1 to 31 printable characters"},
};
#define NR_KEYS (sizeof(keys) / sizeof(keys[0]))

static size_t min3(size_t a, size_t b, size_t c)
{
    size_t m = a < b ? a : b;

    return m < c ? m : c;
}

/* Edit distance: how many letters must be put in, taken out or replaced to make a of b. Both shorter than KEY_MAX. */
static size_t distance(const char *a, const char *b)
{
    size_t row[KEY_MAX + 1], nb = strlen(b);

    for (size_t j = 0; j <= nb; j++)
        row[j] = j;
    for (size_t i = 1; a[i - 1] != '\0'; i++) {
        size_t diagonal = row[0];

        row[0] = i;
        for (size_t j = 1; j <= nb; j++) {
            size_t replaced = diagonal + (a[i - 1] != b[j - 1]);

            diagonal = row[j];
            row[j] = min3(replaced, row[j] + 1, row[j - 1] + 1);
        }
    }
    return row[nb];
}

/* The key that was probably meant, or NULL. */
static const char *suggestion(const char *word)
{
    size_t best = SUGGEST_DISTANCE + 1;
    const char *name = NULL;

    if (strlen(word) >= KEY_MAX)
        return NULL;
    for (size_t i = 0; i < NR_KEYS; i++) {
        size_t d = distance(word, keys[i].name);

        if (d < best) {
            best = d;
            name = keys[i].name;
        }
    }
    return name;
}

static void append(const struct config_parser *parser, const char *before, const char *text)
{
    size_t n = strlen(parser->error);

    format(parser->error + n, CONFIG_ERROR_MAX - n, "%s%s", before, text);
}

static int unknown_key(const struct config_parser *parser, const char *word)
{
    const char *meant = suggestion(word);
    char shown[KEY_MAX];

    format(parser->error, CONFIG_ERROR_MAX, "unknown key \"%s\"; ", show(shown, sizeof(shown), word));
    if (meant) {
        append(parser, "did you mean \"", meant);
        append(parser, "\"?", "");
        return -1;
    }
    for (size_t i = 0; i < NR_KEYS; i++)
        append(parser, i ? ", " : "the keys are ", keys[i].name);
    return -1;
}

static int given_twice(const struct config_parser *parser, const char *before, const char *name)
{
    if (same(before, name))
        format(parser->error, CONFIG_ERROR_MAX, "%s: is given twice", name);
    else
        format(parser->error, CONFIG_ERROR_MAX, "%s: means the same as %s, which is given too", name, before);
    return -1;
}

static int set_key(struct config_parser *parser, const struct config_key *key, const char *value)
{
    char shown[SHOWN_MAX];

    if (parser->given[key->slot])
        return given_twice(parser, parser->given[key->slot], key->name);
    parser->given[key->slot] = key->name;
    if (key->set(parser->config, value))
        return 0;
    format(parser->error, CONFIG_ERROR_MAX, "%s=\"%s\": must be %s", key->name, show(shown, sizeof(shown), value),
           key->allowed);
    return -1;
}

/* word is key=value; the '=' is overwritten. */
static int take_word(struct config_parser *parser, char *word)
{
    char *equals = strchr(word, '=');
    char shown[SHOWN_MAX];

    if (!equals || equals == word) {
        format(parser->error, CONFIG_ERROR_MAX, "word \"%s\": must be key=value", show(shown, sizeof(shown), word));
        return -1;
    }
    *equals = '\0';
    for (size_t i = 0; i < NR_KEYS; i++)
        if (same(word, keys[i].name))
            return set_key(parser, &keys[i], equals + 1);
    return unknown_key(parser, word);
}

/* No key has a '/', so  dir/a=b  is a file name and  cmdline=a/b  is not. */
static bool is_file_name(const char *word)
{
    const char *equals = strchr(word, '=');
    const char *slash = strchr(word, '/');

    return !equals || (slash && slash < equals);
}

/* The last part of the path, cut to the room there is. */
static void take_file(struct domain_config *config, const char *path)
{
    const char *base = path;

    for (const char *c = path; *c != '\0'; c++)
        if (*c == '/' && c[1] != '\0')
            base = c + 1;
    show(config->file, CONFIG_NAME_MAX, base);
}

static int lexical_error(const struct config_parser *parser, const struct lexer *lexer, enum lex lex)
{
    char shown[SHOWN_MAX];
    const char *text = show(shown, sizeof(shown), lexer->start);

    if (lex == LEX_UNCLOSED)
        format(parser->error, CONFIG_ERROR_MAX, "the quote in the word that begins with '%s' is never closed", text);
    else
        format(parser->error, CONFIG_ERROR_MAX, "the word that begins with '%s' is longer than %d bytes", text,
               WORD_MAX - 1);
    return -1;
}

static void set_defaults(struct domain_config *config)
{
    memset(config, 0, sizeof(*config));
    config->type = CONFIG_TYPE_PVH;
    config->memory = 32 * MIB;
    config->vcpus = 1;
    config->event_channels = UINT32_MAX;
    config->cpus = UINT64_MAX;
    config->expect = CONFIG_EXPECT_SUCCESS;
}

/* Defaults that depend on other keys. */
static void complete(const struct config_parser *parser)
{
    struct domain_config *config = parser->config;

    if (!parser->given[SLOT_NAME])
        copy(config->name, CONFIG_NAME_MAX, config->file);
    if (!parser->given[SLOT_EXTENDED])
        config->evtchn_extended = EVTCHN_EXTENDED_FIFO | (config->privileged ? EVTCHN_EXTENDED_3LEVEL : 0);
}

/* Such a module has the configuration of the domain that it stands for. */
static int check_instead_of(const struct config_parser *parser)
{
    if (!parser->given[SLOT_INSTEAD_OF])
        return 0;
    for (unsigned i = 0; i < NR_SLOTS; i++) {
        if (!parser->given[i] || i == SLOT_INSTEAD_OF || i == SLOT_TYPE)
            continue;
        format(parser->error, CONFIG_ERROR_MAX, "%s: is not for a module with instead_of=", parser->given[i]);
        return -1;
    }
    if (parser->given[SLOT_TYPE] && parser->config->type != CONFIG_TYPE_PV) {
        format(parser->error, CONFIG_ERROR_MAX, "type: a module with instead_of= is for pv");
        return -1;
    }
    parser->config->type = CONFIG_TYPE_PV;
    return 0;
}

int config_parse(const char *line, struct domain_config *config, char *error)
{
    struct config_parser parser = {.config = config, .error = error};
    struct lexer lexer = {.line = line};
    bool first = true;
    enum lex lex;

    error[0] = '\0';
    set_defaults(config);
    while ((lex = next_word(&lexer)) == LEX_WORD) {
        if (first && is_file_name(lexer.word))
            take_file(config, lexer.word);
        else if (take_word(&parser, lexer.word) != 0)
            return -1;
        first = false;
    }
    if (lex != LEX_END)
        return lexical_error(&parser, &lexer, lex);
    complete(&parser);
    return check_instead_of(&parser);
}
