party       community
party       enterprise
party       foundation
dimension   T mass 10 defaults 1/2,1/4,1/4
clock       2026-01-01
community   proposes
community   raises R1 enterprise graded 3x4             # before it is in force, too
enterprise  accepts
foundation  accepts
community   raises R2 nobody graded 1x1                 -> refused RISK_OWNER_UNKNOWN
community   raises R2 foundation valued 1/3 500.00 USD  -> refused UNKNOWN_CURRENCY
community   raises R2 foundation valued 1/3 500.00 EUR
now         risk R1 12
now         risk R2 50000/3 EUR
community   assesses A1 R9 graded 1x1                   -> refused UNKNOWN_RISK
community   assesses A1 R1 graded 1x1                   -> refused NOT_RISK_OWNER
enterprise  assesses A1 R1 valued 1/2 1.00 USD          -> refused UNKNOWN_CURRENCY
enterprise  assesses A1 R1 graded 5x4
now         risk R1 12                                  # not by one side
foundation  agrees A1
now         risk R1 20
community   plans P1 task build:community:T:10:2026-03-01
enterprise  agrees P1
foundation  agrees P1
community   switches K1 R1 task build:enterprise:T:10:2026-06-01    -> refused NOT_RISK_OWNER
enterprise  switches K1 R1 task build:enterprise:T:9:2026-06-01     -> refused BUDGETS_NOT_FLOOR_MASS
enterprise  switches K1 R1 task build:enterprise:T:10:2026-06-01
now         plan P1 1
community   agrees K1                                   # its owner and one other are enough
now         plan K1 2
now         risk R1 20                                  # which closes nothing
enterprise  assesses A2 R1 graded 1x1 closed
community   agrees A2
now         risk R1 1 closed
enterprise  assesses A3 R1 graded 1x1                   -> refused RISK_CLOSED
enterprise  switches K2 R1 task build:enterprise:T:10:2026-06-01    -> refused RISK_CLOSED
