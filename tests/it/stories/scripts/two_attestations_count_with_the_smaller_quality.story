party       community
party       enterprise
party       foundation
dimension   T mass 10 defaults 1/2,3/10,1/5
unit        hour T 1 attestations 2
community   proposes
enterprise  accepts
foundation  accepts
community   contributes C1 10 hour
community   contributes C2 10 hour
enterprise  attests C1 C2 quality 9/10
now         C1 is CLAIMED
enterprise  attests C1                                  -> refused ALREADY_ATTESTED
foundation  attests C1 quality 1/2
now         C1 is ACCEPTED
now         shares 3/4 3/20 1/10                        # 5 points, 5 of the floor mass unfilled
foundation  rejects C2                                  # one rejection rejects
now         C2 is REJECTED
now         shares 3/4 3/20 1/10
foundation  attests C1                                  -> refused ALREADY_ATTESTED
