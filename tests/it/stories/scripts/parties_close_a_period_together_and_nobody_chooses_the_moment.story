# What a settlement covers is fixed by all, not by who settles first.
calendar    month
dimension   T mass none defaults 1/2,1/2
community   proposes                                    # 2026-01-01: entry 0
enterprise  accepts
enterprise  reports B1 sales 100.00 EUR                 # entry 2
community   confirms B1
community   contributes C1 1 hour
enterprise  attests C1                                  # entry 5: now all of it is the community's
community   settles                                     -> refused PERIOD_NOT_CLOSED   # it would like to, now
enterprise  settles at 3                                -> refused PERIOD_NOT_CLOSED   # and the other before
community   closes 2026-01                              -> refused PERIOD_NOT_OVER
community   closes 2025-12                              -> refused PERIOD_BEFORE_FIRST
now         period 2026-01 is RUNNING
now         missing 2026-01 is nothing                  # not before it is over
clock       2026-02-01T00:00:00Z
enterprise  contributes C2 3 hour work 2026-01-31T10:00:00Z   # entry 6
community   attests C2                                  # entry 7
now         period 2026-01 is OVER
community   closes 2026-02                              -> refused PERIOD_NOT_OVER
community   closes 2026-01                              # entry 8
community   closes 2026-01                              -> refused ALREADY_CLOSED_BY_PARTY
community   settles                                     -> refused PERIOD_NOT_CLOSED
enterprise  closes 2026-01                              # entry 9, the last
now         period 2026-01 is CLOSED at 10
now         missing 2026-01 is nothing
now         period 2026-02 is RUNNING
enterprise  closes 2026-01                              -> refused PERIOD_CLOSED
community   contributes C3 90 hour                      # later work is the next period's
enterprise  attests C3
community   settles                                     -> refused SETTLEMENT_NOT_AT_CUT_OFF
enterprise  settles at 8                                -> refused SETTLEMENT_NOT_AT_CUT_OFF   # before the closing
community   contributes C4 1 hour work 2026-01-31T10:00:00Z   -> refused PERIOD_CLOSED
enterprise  reports B2 sales 5.00 EUR earned 2026-01-01..2026-02-01  -> refused PERIOD_CLOSED   # the last moment is January's
enterprise  reports-nothing N1 sales 2026-01            -> refused PERIOD_CLOSED
enterprise  settles at 10                               -> due community 25.00 EUR enterprise 75.00 EUR
now         period 2026-01 is SETTLED at 10
community   settles                                     -> refused PERIOD_NOT_CLOSED
---
# Periods come in their order, and each has its settlement; a quarter is three months.
calendar    quarter
community   proposes
enterprise  accepts
clock       2026-07-01
community   closes 2026-04                              -> refused PERIOD_OUT_OF_ORDER
community   closes 2026-01
enterprise  closes 2026-01                              # entry 3
community   closes 2026-04
enterprise  closes 2026-04                              # entry 5
now         period 2026-01 is CLOSED at 4
now         period 2026-04 is CLOSED at 6
community   settles at 6                                -> refused SETTLEMENT_NOT_AT_CUT_OFF
community   settles at 4
community   settles at 6
---
# Without a calendar there are no periods, and a settlement goes wherever a party wants it.
community   proposes
enterprise  accepts
clock       2026-02-01
community   closes 2026-01                              -> refused NO_CALENDAR
enterprise  reports-nothing N1 sales 2026-01            -> refused NO_CALENDAR
enterprise  settles
