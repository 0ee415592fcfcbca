party       community
party       enterprise
party       foundation
dimension   T mass 10 defaults 1/2,3/10,1/5
community   proposes
enterprise  accepts
foundation  accepts
enterprise  reports B1 sales 100.00 EUR
enterprise  reverses R1 B1 10.00                        -> refused BENEFIT_NOT_CONFIRMED
foundation  confirms B1
enterprise  reverses R1 B9 10.00                        -> refused UNKNOWN_BENEFIT
community   reverses R1 B1 10.00                        -> refused NOT_REPORTER
enterprise  reverses R1 B1 0                            -> refused FIELD_ZERO
enterprise  reverses R1 B1 100.01                       -> refused REVERSAL_EXCEEDS
enterprise  reverses R1 B1 60.00
enterprise  reverses R2 B1 40.01                        -> refused REVERSAL_EXCEEDS   # also while unconfirmed
enterprise  reverses R2 B1 40.00
enterprise  confirms-reversal R1                        -> refused OWN_REVERSAL
community   confirms-reversal R9                        -> refused UNKNOWN_REVERSAL
community   confirms-reversal R1 R9                     -> refused UNKNOWN_REVERSAL
now         R1 is REPORTED
community   confirms-reversal R1
foundation  confirms-reversal R1                        -> refused REVERSAL_ALREADY_CONFIRMED
foundation  settles                                     -> due community 20.00 EUR enterprise 12.00 EUR foundation 8.00 EUR
foundation  confirms-reversal R1                        -> refused REVERSAL_ALREADY_CONFIRMED
foundation  confirms-reversal R2                        # of a settled benefit
community   settles                                     -> due community -20.00 EUR enterprise -12.00 EUR foundation -8.00 EUR
now         entitled EUR 0 0 0
