# Like V11: the shares have moved since, and yet a full refund gives back exactly what the benefit gave.
dimension   T mass 10 defaults 7/10,3/10
community   proposes
enterprise  accepts
enterprise  reports B1 sales 1000.01 EUR
community   confirms B1
enterprise  settles                                     -> due community 700.01 EUR enterprise 300.00 EUR
enterprise  contributes E1 90 hour
community   attests E1
now         shares 0 1
enterprise  reverses R1 B1 1000.01
now         R1 is REPORTED
community   confirms-reversal R1
now         R1 is CONFIRMED
enterprise  reports B2 sales 500.00 EUR
community   confirms B2
enterprise  settles                                     -> due community -700.01 EUR enterprise 200.00 EUR
now         R1 is SETTLED
now         entitled EUR 0 50000
---
# A refund within the period of its benefit: as if less had come in.
community   proposes
enterprise  accepts
enterprise  reports B1 sales 100.00 EUR
community   confirms B1
enterprise  reverses R1 B1 40.00
community   confirms-reversal R1
enterprise  settles                                     -> due community 42.00 EUR enterprise 18.00 EUR
---
# What is cut off a pool stays with the reporter; what a refund shifts is shifted in every settlement since.
stream      sales enterprise 1/3
community   proposes
enterprise  accepts
enterprise  reports B1 sales 0.02 EUR
community   confirms B1
enterprise  settles
enterprise  contributes E1 90 hour
community   attests E1
enterprise  reports B2 sales 0.01 EUR
community   confirms B2
enterprise  settles                                     -> due enterprise 0.01 EUR    # 0.03 came in: the first whole cent
enterprise  reverses R1 B1 0.01
community   confirms-reversal R1
enterprise  settles                                     -> due enterprise -0.01 EUR
now         entitled EUR 0 0
