# The first entry after the deadline is the first that the settlement does not cover.
calendar    month
closing-days 10
community   proposes
enterprise  accepts
enterprise  reports B1 sales 100.00 EUR
community   confirms B1                                 # entry 3
clock       2026-02-05
community   closes 2026-01                              # entry 4
now         period 2026-01 is OVER
clock       2026-02-11T00:00:00Z
now         period 2026-01 is OVER                      # the window is not over within its last moment
clock       2026-02-12
now         period 2026-01 is CLOSED at 5               # though no entry shows it
enterprise  closes 2026-01                              -> refused PERIOD_CLOSED
enterprise  reports B2 sales 100.00 EUR earned 2026-01-31   -> refused PERIOD_CLOSED
enterprise  reports B2 sales 100.00 EUR                 # entry 5 is February's
community   confirms B2
community   settles                                     -> refused SETTLEMENT_NOT_AT_CUT_OFF
community   settles at 5                                -> due community 70.00 EUR enterprise 30.00 EUR
---
# Nobody says anything for a quarter: all its months are over at once, and one settlement covers them.
calendar    month
closing-days 10
community   proposes
enterprise  accepts
enterprise  reports B1 sales 100.00 EUR
community   confirms B1                                 # entry 3
clock       2026-04-12
now         period 2026-01 is CLOSED at 4
now         period 2026-03 is CLOSED at 4
now         period 2026-04 is RUNNING
community   settles at 4                                -> due community 70.00 EUR enterprise 30.00 EUR
now         period 2026-01 is SETTLED at 4
now         period 2026-03 is SETTLED at 4
now         missing 2026-02 is sales
community   settles                                     -> refused PERIOD_NOT_CLOSED
---
# Without a closing window everybody waits for the last one.
calendar    month
community   proposes
enterprise  accepts
clock       2030-01-01
community   closes 2026-01
enterprise  settles                                     -> refused PERIOD_NOT_CLOSED
