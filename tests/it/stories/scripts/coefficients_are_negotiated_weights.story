# V39: community 1.5-fold; V02: 70/30 applied twice.
dimension   T mass none defaults 1/2,1/2 coefficients 3/2,1
community   proposes
enterprise  accepts
community   contributes C1 70 hour
enterprise  contributes E1 30 hour
enterprise  attests C1
community   attests E1
now         shares 7/9 2/9
enterprise  reports B1 sales 1000.00 EUR
community   confirms B1
enterprise  settles                                     -> due community 777.78 EUR enterprise 222.22 EUR
---
dimension   T mass none defaults 1/2,1/2 coefficients 7/10,3/10
community   proposes
enterprise  accepts
community   contributes C1 70 hour
enterprise  contributes E1 30 hour
enterprise  attests C1
community   attests E1
now         shares 49/58 9/58
enterprise  reports B1 sales 100000.00 EUR
community   confirms B1
enterprise  settles                                     -> due community 84482.76 EUR enterprise 15517.24 EUR
