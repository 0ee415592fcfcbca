community   proposes
enterprise  accepts
community   contributes C1 10 hour
enterprise  attests C1
enterprise  reports B1 sales 100.00 EUR
community   confirms B1
enterprise  settles                              -> due community 100.00 EUR
community   amends A1 party foundation
enterprise  accepts-motion A1
foundation  contributes C2 10 hour               -> refused SIGNER_NOT_PARTY
stranger    accepts-motion A1                    -> refused SIGNER_NOT_PARTY
foundation  accepts-motion A1
foundation  contributes C2 10 hour
enterprise  attests C2
enterprise  reports B2 sales 100.00 EUR
community   confirms B2
enterprise  settles                              -> due community 50.00 EUR foundation 50.00 EUR
enterprise  reverses R1 B1 50.00
community   confirms-reversal R1
enterprise  settles                              -> due community -50.00 EUR
