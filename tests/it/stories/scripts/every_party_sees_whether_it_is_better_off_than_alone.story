# V34: retained + share - cost - what it would have alone.
recoups     compute
stream      grants community 1/10
stream      sales enterprise 1/5
dimension   T mass none defaults 7/10,3/10
baseline    community 20000.00 EUR
baseline    enterprise 700000.00 EUR
community   proposes
enterprise  accepts
community   reports B1 grants 50000.00 EUR
enterprise  reports B2 sales 1000000.00 EUR
enterprise  confirms B1
community   confirms B2
now         win-win is yes                              # nothing is settled
enterprise  settles                                     -> due community 143500.00 EUR enterprise 61500.00 EUR
now         gain community is 168500.00 EUR
now         gain enterprise is 161500.00 EUR
now         win-win is yes
---
# By the period: two are settled, two baselines are beaten or not.
calendar    month
closing-days 10
baseline    community 40.00 EUR
baseline    enterprise 20.00 EUR
community   proposes
enterprise  accepts
enterprise  reports B1 sales 100.00 EUR
community   confirms B1                                 # entry 3
clock       2026-02-12
community   settles at 4                                -> due community 70.00 EUR enterprise 30.00 EUR
now         gain community is 30.00 EUR
now         gain enterprise is 10.00 EUR
now         win-win is yes
clock       2026-03-12
community   settles at 5
now         gain community is -10.00 EUR
now         gain enterprise is -10.00 EUR
now         win-win is no
---
# Costs count once they are confirmed and settled.
recoups     compute
baseline    community 40.00 EUR
community   proposes
enterprise  accepts
community   spends K1 compute 10.00 EUR invoice A
community   spends K2 compute 900.00 EUR invoice B      # nobody confirms it
enterprise  confirms-cost K1
enterprise  reports B1 sales 100.00 EUR
community   confirms B1
enterprise  settles                                     -> due community 73.00 EUR enterprise 27.00 EUR
now         gain community is 23.00 EUR
community   spends K3 compute 50.00 EUR invoice C
enterprise  confirms-cost K3
now         gain community is 23.00 EUR                 # the settlement knows nothing of it
enterprise  settles
now         win-win is no
