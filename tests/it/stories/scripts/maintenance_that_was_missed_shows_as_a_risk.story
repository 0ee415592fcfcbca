clock       2026-01-01
community   proposes
enterprise  accepts
community   commits M1 2026-02-01 2026-03-01 2026-04-01
now         missed none
enterprise  fulfils M1 2026-02-01                       -> refused NOT_YOUR_COMMITMENT
community   fulfils M9 2026-02-01                       -> refused UNKNOWN_COMMITMENT
community   fulfils M1 2026-02-02                       -> refused UNKNOWN_DUE_DATE
community   fulfils M1 2026-02-01
community   fulfils M1 2026-02-01                       -> refused ALREADY_FULFILLED
clock       2026-04-02
now         missed M1 M1
community   fulfils M1 2026-03-01                       # late is better than never
now         missed M1
community   contributes C1 1 hour                       # and nothing else comes of it
enterprise  attests C1
