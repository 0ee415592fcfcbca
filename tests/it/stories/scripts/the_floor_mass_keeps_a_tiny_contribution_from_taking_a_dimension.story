# V08: a thousandth of a point into an empty dimension of weight 1/5, with a floor mass and without.
dimension   T weight 4/5 mass none defaults 1/10,9/10
dimension   S weight 1/5 mass 1/5 defaults 1/10,9/10
unit        hour T 1
unit        talk S 1
community   proposes
enterprise  accepts
community   contributes C1 1/1000 talk
enterprise  attests C1
now         shares 1009/10000 8991/10000                # 4/5 x 1/10 + 1/5 x (1/1000 + 199/1000 x 1/10) / (1/5)
---
dimension   T weight 4/5 mass none defaults 1/10,9/10
dimension   S weight 1/5 mass none defaults 1/10,9/10
unit        hour T 1
unit        talk S 1
community   proposes
enterprise  accepts
community   contributes C1 1/1000 talk
enterprise  attests C1
now         shares 7/25 18/25                           # the whole fifth
