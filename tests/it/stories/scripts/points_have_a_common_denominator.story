# Five primes of 61 bits in one dimension: the fifth does not fit into 256 bits; in another dimension it does.
dimension   T weight 1/2 mass 10 defaults 7/10,3/10
dimension   S weight 1/2 mass 10 defaults 7/10,3/10
unit        hour T 1
unit        talk S 1
community   proposes
enterprise  accepts
community   contributes C1 1/2305843009213693951 hour
community   contributes C2 1/2305843009213693921 hour
community   contributes C3 1/2305843009213693907 hour
community   contributes C4 1/2305843009213693723 hour
community   contributes C5 1/2305843009213693693 hour
community   contributes C6 1/2305843009213693693 talk
enterprise  attests C1 C2 C3 C4 C5                      -> refused POINTS_TOO_FINE
now         C1 is CLAIMED                               # all or nothing
enterprise  attests C1 C2 C3 C4 C6
community   withdraws C1
enterprise  attests C5                                  -> refused POINTS_TOO_FINE   # what was counted once has its place
enterprise  attests C5 quality 0                        # nothing of it counts
now         C5 is ACCEPTED
