# Silence about a stream is shown; an explicit nothing stands beside no benefit.
calendar    month
stream      sales enterprise 1
stream      support enterprise 1
stream      grants community 1
community   proposes
enterprise  accepts
enterprise  reports B1 sales 100.00 EUR
enterprise  reports-nothing N1 sales 2026-01            -> refused PERIOD_NOT_OVER
enterprise  reports B2 sales 1.00 EUR earned 2026-02-01 -> refused PERIOD_NOT_BEGUN
clock       2026-02-02
now         missing 2026-01 is support grants
enterprise  reports-nothing N1 wine 2026-01             -> refused UNKNOWN_STREAM
community   reports-nothing N1 support 2026-01          -> refused NOT_COLLECTOR
enterprise  reports-nothing N1 sales 2026-01            -> refused NIL_BESIDE_BENEFIT
enterprise  reports-nothing N1 support 2025-12          -> refused PERIOD_BEFORE_FIRST
enterprise  reports-nothing N1 support 2026-01
now         missing 2026-01 is grants
enterprise  reports-nothing N2 support 2026-01          -> refused NIL_TWICE
enterprise  reports B2 support 3.00 EUR earned 2026-01-31   -> refused BENEFIT_BESIDE_NIL
community   recalls N1                                  -> refused NOT_YOURS
enterprise  recalls N1                                  # it was a mistake
now         missing 2026-01 is support grants
enterprise  reports-nothing N2 support 2026-01          -> refused NIL_TWICE
enterprise  reports B2 support 3.00 EUR earned 2026-01-31
now         missing 2026-01 is grants
community   closes 2026-01
enterprise  closes 2026-01                              # entry 8
now         missing 2026-01 is grants
community   reports-nothing N3 grants 2026-01           -> refused PERIOD_CLOSED
enterprise  settles at 8
now         missing 2026-01 is grants                   # as the statement of account says
enterprise  recalls N1                                  -> refused NOTHING_TO_TAKE_BACK
