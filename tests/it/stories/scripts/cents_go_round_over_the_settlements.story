# V07: three equal parties, 1.00 a time: nobody is ever more than a cent from its due.
party       community
party       enterprise
party       foundation
dimension   T mass 1 defaults 1/3,1/3,1/3
community   proposes
enterprise  accepts
foundation  accepts
enterprise  reports B1 sales 1.00 EUR
community   confirms B1
enterprise  settles -> due community 0.34 EUR enterprise 0.33 EUR foundation 0.33 EUR
enterprise  reports B2 sales 1.00 EUR
community   confirms B2
enterprise  settles -> due community 0.33 EUR enterprise 0.34 EUR foundation 0.33 EUR
enterprise  reports B3 sales 1.00 EUR
community   confirms B3
enterprise  settles -> due community 0.33 EUR enterprise 0.33 EUR foundation 0.34 EUR
now         allocated EUR 1.00 1.00 1.00
enterprise  reverses R1 B1 1.00
community   confirms-reversal R1
enterprise  settles -> due community -0.33 EUR enterprise -0.33 EUR foundation -0.34 EUR
