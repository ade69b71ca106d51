/* SPDX-License-Identifier: MIT */
/* The clock of a PC (MC146818): UTC is assumed, and the century from the year. */
#include <stdbool.h>

#include "arch/x86/io.h"
#include "arch/x86/timer.h"

#define RTC_INDEX 0x70
#define RTC_DATA 0x71
#define REG_SECOND 0x00
#define REG_MINUTE 0x02
#define REG_HOUR 0x04
#define REG_DAY 0x07
#define REG_MONTH 0x08
#define REG_YEAR 0x09
#define REG_A 0x0a
#define REG_B 0x0b
#define A_UPDATE 0x80
#define B_24_HOURS 0x02
#define B_BINARY 0x04
#define HOUR_PM 0x80
#define WAIT_TURNS 100000 /* an update takes 2 ms, a reading 1 us */

struct rtc {
    uint8_t second, minute, hour, day, month, year;
};

static uint8_t cmos(uint8_t reg)
{
    outb(RTC_INDEX, reg);
    return inb(RTC_DATA);
}

static void wait_update(void)
{
    for (unsigned i = 0; i < WAIT_TURNS && (cmos(REG_A) & A_UPDATE); i++)
        cpu_relax();
}

static struct rtc read_raw(void)
{
    wait_update();
    return (struct rtc){cmos(REG_SECOND), cmos(REG_MINUTE), cmos(REG_HOUR),
                        cmos(REG_DAY),    cmos(REG_MONTH),  cmos(REG_YEAR)};
}

static bool same(struct rtc a, struct rtc b)
{
    return a.second == b.second && a.minute == b.minute && a.hour == b.hour && a.day == b.day && a.month == b.month &&
           a.year == b.year;
}

static uint8_t plain(uint8_t x, uint8_t b)
{
    return b & B_BINARY ? x : (uint8_t)((x >> 4) * 10 + (x & 15));
}

static uint8_t plain_hour(uint8_t x, uint8_t b)
{
    if (b & B_24_HOURS)
        return plain(x, b);
    uint8_t hour = plain((uint8_t)(x & ~HOUR_PM), b) % 12;
    return x & HOUR_PM ? hour + 12 : hour;
}

static bool is_sane(struct rtc t)
{
    return t.second < 61 && t.minute < 60 && t.hour < 24 && t.day >= 1 && t.day <= 31 && t.month >= 1 &&
           t.month <= 12 && t.year < 100;
}

/* Days since 1970-01-01 of a day in 1970..2169; leap years by the Gregorian rule (2100 is none). */
static uint64_t days(unsigned year, unsigned month, unsigned day)
{
    static const uint16_t before[12] = {0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334};
    bool leap = year % 4 == 0 && year != 2100;
    unsigned leaps = (year - 1969) / 4 - (year > 2100);
    return (year - 1970) * 365ULL + leaps + before[month - 1] + (leap && month > 2) + day - 1;
}

uint64_t rtc_read(void)
{
    struct rtc t = read_raw(), again = read_raw();
    for (unsigned i = 0; i < 4 && !same(t, again); i++) {
        t = again;
        again = read_raw();
    }
    uint8_t b = cmos(REG_B);
    t = (struct rtc){plain(t.second, b), plain(t.minute, b), plain_hour(t.hour, b),
                     plain(t.day, b),    plain(t.month, b),  plain(t.year, b)};
    if (!is_sane(t))
        return 0;
    unsigned year = t.year < 70 ? 2000u + t.year : 1900u + t.year;
    return days(year, t.month, t.day) * 86400 + t.hour * 3600u + t.minute * 60u + t.second;
}
