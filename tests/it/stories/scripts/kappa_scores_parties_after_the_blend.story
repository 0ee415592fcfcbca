# The score reading of c: kappa 2 : 1 makes 7/10 : 3/10 into 14/17 : 3/17.
party       community kappa 2
party       enterprise
community   proposes
enterprise  accepts
now         shares 14/17 3/17
enterprise  reports B1 sales 100.00 EUR
community   confirms B1
enterprise  settles                                     -> due community 82.35 EUR enterprise 17.65 EUR
