# Shares at the cut-off apply to what was confirmed since the last settlement, and stay.
community   proposes
enterprise  accepts
enterprise  reports B1 sales 100.00 EUR
community   confirms B1
enterprise  settles                                     -> due community 70.00 EUR enterprise 30.00 EUR
enterprise  contributes E1 90 hour
community   attests E1
enterprise  settles                                     # nothing new came in
now         entitled EUR 7000 3000
enterprise  reports B2 sales 100.00 EUR
community   confirms B2
enterprise  settles                                     -> due enterprise 100.00 EUR
now         entitled EUR 7000 13000
