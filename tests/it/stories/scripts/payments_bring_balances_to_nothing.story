# Who collects more than its allocation owes; nobody pays more than is owed.
party       community
party       enterprise
party       foundation
currency    EUR 2
currency    USD 2
dimension   T mass 10 defaults 5/10,3/10,2/10
community   proposes
enterprise  accepts
foundation  accepts
enterprise  pays P1 community 1.00 EUR                  -> refused UNKNOWN_SETTLEMENT
enterprise  reports B1 sales 100.00 EUR
community   confirms B1                                 # entry 4
enterprise  settles                                     -> due community 50.00 EUR enterprise 30.00 EUR foundation 20.00 EUR
now         balance community is 50.00 EUR
now         balance enterprise is -70.00 EUR
enterprise  pays P1 community 1.00 EUR at 4             -> refused UNKNOWN_SETTLEMENT
enterprise  pays P1 stranger 1.00 EUR                   -> refused UNKNOWN_PAYEE
enterprise  pays P1 enterprise 1.00 EUR                 -> refused PAYEE_IS_PAYER
enterprise  pays P1 community 1.00 CHF                  -> refused UNKNOWN_CURRENCY
enterprise  pays P1 community 1.00 USD                  -> refused NOT_DEBTOR
community   pays P1 foundation 1.00 EUR                 -> refused NOT_DEBTOR
enterprise  pays P1 community 50.01 EUR                 -> refused PAYMENT_EXCEEDS
enterprise  pays P1 community 30.00 EUR
now         balance community is 20.00 EUR              # it counts, though nobody has confirmed it
enterprise  pays P2 community 20.01 EUR                 -> refused PAYMENT_EXCEEDS
enterprise  confirms-payment P1                         -> refused NOT_PAYEE
foundation  confirms-payment P1                         -> refused NOT_PAYEE
community   confirms-payment P9                         -> refused UNKNOWN_PAYMENT
community   confirms-payment P1
community   confirms-payment P1                         -> refused PAYMENT_NOT_OPEN
enterprise  recalls P1                                  -> refused PAYMENT_NOT_OPEN
enterprise  pays P2 community 20.00 EUR                 # it never arrives
now         balance community is nothing
foundation  recalls P2                                  -> refused NOT_YOURS
enterprise  recalls P2
community   confirms-payment P2                         -> refused PAYMENT_NOT_OPEN
now         balance community is 20.00 EUR
enterprise  pays P3 community 20.00 EUR
enterprise  pays P4 foundation 20.00 EUR
community   confirms-payment P3
foundation  confirms-payment P4
now         balance community is nothing
now         balance enterprise is nothing
enterprise  pays P5 foundation 0.01 EUR                 -> refused NOT_DEBTOR
# What is given back is paid back.
enterprise  reverses R1 B1 50.00
community   confirms-reversal R1
enterprise  settles                                     -> due community -25.00 EUR enterprise -15.00 EUR foundation -10.00 EUR
now         balance community is -25.00 EUR
community   pays P6 enterprise 25.00 EUR
foundation  pays P7 enterprise 10.01 EUR                -> refused PAYMENT_EXCEEDS
foundation  pays P7 enterprise 10.00 EUR
enterprise  confirms-payment P6 P7
now         balance enterprise is nothing
---
# A debtor that reports what it never paid keeps nobody else from paying.
party       community
party       a
party       b
stream      one a 1
stream      two b 1
dimension   T mass none defaults 1,0,0
community   proposes
a           accepts
b           accepts
a           reports B1 one 60.00 EUR
b           reports B2 two 40.00 EUR
community   confirms B1 B2
a           settles                                     -> due community 100.00 EUR
a           pays P1 community 60.01 EUR                 -> refused PAYMENT_EXCEEDS   # it owes 60
a           pays P1 community 60.00 EUR                 # which is not so
b           pays P2 community 40.00 EUR
community   confirms-payment P2
now         balance b is nothing
