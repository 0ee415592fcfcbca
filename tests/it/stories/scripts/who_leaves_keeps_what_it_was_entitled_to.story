party a
party b
party c
dimension T mass none defaults 1/3,1/3,1/3
stream sales b 1
exit-terms 30 1 1/2

a   proposes
b   accepts
c   accepts
a   contributes C1 500 hour
b   contributes C2 300 hour
c   contributes C3 200 hour
b   attests C1 C3
a   attests C2
b   reports B1 sales 1000.00 EUR
a   confirms B1
b   settles                                      -> due a 500.00 EUR b 300.00 EUR c 200.00 EUR
a   leaves X1 2025-06-01                         -> refused LEAVES_IN_PAST
a   leaves X1 2026-01-10                         # without the notice of 30 days
a   leaves X2 2026-03-10                         -> refused ALREADY_LEAVING
clock 2026-01-11T12:00:00Z
a   contributes C4 1 hour                        -> refused PARTY_LEFT
b   reports B2 sales 1000.00 EUR
a   confirms B2
b   settles                                      -> due a 333.33 EUR b 400.00 EUR c 266.67 EUR
b   suspends S1
c   accepts-motion S1                            # who has left is not asked
now agreement is SUSPENDED
---
community   proposes
enterprise  accepts
community   leaves X1 2026-06-01                 -> refused NO_EXIT_TERMS
