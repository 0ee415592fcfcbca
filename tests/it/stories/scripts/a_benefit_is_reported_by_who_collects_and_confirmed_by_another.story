currency    EUR 2
currency    JPY 0
community   proposes
enterprise  accepts
enterprise  reports B1 rent 100.00 EUR                  -> refused UNKNOWN_STREAM
community   reports B1 sales 100.00 EUR                 -> refused NOT_COLLECTOR
enterprise  reports B1 sales 100.00 USD                 -> refused UNKNOWN_CURRENCY
enterprise  reports B1 sales 9223372036854775808 JPY    -> refused AMOUNT_TOO_LARGE
enterprise  reports B1 sales 100.00 EUR
enterprise  confirms B1                                 -> refused OWN_BENEFIT
community   confirms B9                                 -> refused UNKNOWN_BENEFIT
community   confirms B1 B9                              -> refused UNKNOWN_BENEFIT
now         B1 is REPORTED
enterprise  reports B2 sales 0 EUR                      # nothing came in: that can be said
community   confirms B1 B2
community   confirms B2                                 -> refused ALREADY_CONFIRMED
enterprise  reports J1 sales 9223372036854775807 JPY    # the largest amount there is
enterprise  reports J2 sales 1 JPY
community   confirms J2
community   confirms J1                                 -> refused AMOUNT_TOO_LARGE
enterprise  reports J3 sales 9223372036854775806 JPY
community   confirms J3
enterprise  settles  -> due community 70.00 EUR enterprise 30.00 EUR community 6456360425798343065 JPY enterprise 2767011611056432742 JPY
community   confirms B1                                 -> refused ALREADY_CONFIRMED
