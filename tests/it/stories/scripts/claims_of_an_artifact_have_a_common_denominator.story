# Five primes of 61 bits: their product does not fit into 256 bits.
community   proposes
enterprise  accepts
community   contributes C1 1 hour artifact a=1/2305843009213693951
community   contributes C2 1 hour artifact a=1/2305843009213693921
community   contributes C3 1 hour artifact a=1/2305843009213693907
community   contributes C4 1 hour artifact a=1/2305843009213693723
community   contributes C5 1 hour artifact a=1/2305843009213693693  -> refused ARTIFACT_TOO_FINE
community   contributes C5 1 hour artifact a=2/2305843009213693951
