window      attest 10
dimension   T mass 10 defaults 1/2,1/2
clock       2026-01-01
community   proposes
enterprise  accepts
enterprise  reports B1 sales 100.00 EUR
community   confirms B1
community   contributes C1 5 hour
clock       2026-01-10
now         held none
now         disputed 0.00
enterprise  contributes E1 1 hour                       # in time: the window lasts to the 11th
clock       2026-01-12
now         held none                                   # nobody has said anything since
community   contributes C2 1 hour                       # the first entry after the window
now         held C1
now         disputed 25.00                              # 50 to 75 for the one, 25 to 50 for the other
enterprise  attests C1 quality 1/2                      # silence was no no
now         held none
now         disputed 0.00
now         C1 is ACCEPTED
clock       2026-01-25
community   withdraws C2
now         held E1
community   rejects E1                                  # nor was it a yes
now         held none
