daily-claims 2
clock       2026-01-01
community   proposes
enterprise  accepts
community   contributes C1 1 hour
community   contributes C2 1 hour
community   contributes C3 1 hour                       -> refused DAILY_CLAIMS
enterprise  contributes E1 1 hour
clock       2026-01-02
community   contributes C3 1 hour
