# Entries may come in while the parties look at the numbers: they are the next settlement's.
community   proposes                                    # entry 0
enterprise  accepts
enterprise  reports B1 sales 100.00 EUR
community   confirms B1                                 # entry 3
community   contributes C1 10 hour
enterprise  attests C1                                  # entry 5
enterprise  reports B2 sales 100.00 EUR
community   confirms B2                                 # entry 7
community   withdraws C1                                # entry 8
enterprise  settles at 3                                # nothing confirmed before
enterprise  settles at 4                                -> due community 70.00 EUR enterprise 30.00 EUR
now         B2 is CONFIRMED
enterprise  settles at 5                                # neither what entry 5 accepted, nor what entry 7 confirmed
now         C1 is WITHDRAWN
now         B1 is SETTLED
now         B2 is CONFIRMED
enterprise  settles at 7
now         B2 is CONFIRMED
enterprise  settles at 8                                -> due community 100.00 EUR
now         C1 is WITHDRAWN
enterprise  reports B3 sales 100.00 EUR
community   confirms B3
enterprise  settles at 9                                # the withdrawal
enterprise  settles                                     -> due community 70.00 EUR enterprise 30.00 EUR
---
# What lies at the cut-off itself is not covered.
community   proposes
enterprise  accepts
community   contributes C1 10 hour
enterprise  attests C1                                  # entry 3
enterprise  settles at 3
now         C1 is ACCEPTED
community   withdraws C1
