# T, S and W: two dimensions blended, two streams pooled at their rates (V03: 205,000.00 out of 1,050,000.00).
dimension   T weight 3/5 mass none defaults 7/10,3/10
dimension   S weight 2/5 mass 20 defaults 7/10,3/10
unit        review-hour T 3/2
unit        dataset S 5
stream      support community 1/10
stream      licences enterprise 1/5
community   proposes
enterprise  accepts
community   contributes C1 4 review-hour
enterprise  contributes E1 2 review-hour
enterprise  contributes E2 2 dataset
enterprise  attests C1
community   attests E1 E2 
now         shares 27/50 23/50                          # 3/5 x 2/3 + 2/5 x (0 + 10 x 7/10) / 20
community   reports B1 support 50000.00 EUR
enterprise  reports B2 licences 1000000.00 EUR
enterprise  confirms B1
community   confirms B2
enterprise  settles                                     -> due community 110700.00 EUR enterprise 94300.00 EUR
