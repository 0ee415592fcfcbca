# The interval of formula.md 7 C, vector V16.
dimension T mass none defaults 1/2,1/2
mediator judge
window evidence 14

community   proposes
enterprise  accepts
judge       consents proposal
community   contributes C1 800 hour
community   contributes C2 200 hour
enterprise  contributes C3 400 hour
enterprise  contributes C4 100 hour
enterprise  attests C1 C2
community   attests C3 C4
enterprise  reports B1 sales 120000.00 EUR
community   confirms B1
enterprise  disputes D1 C2 reject C4 reject
now         dispute D1 is OPEN
now         between community EUR 96000000/13 60000000/7
now         between enterprise EUR 24000000/7 60000000/13
now         at-stake D1 11868.14
community   withdraws C2                         -> refused DISPUTED
enterprise  settles                              -> due community 73846.15 EUR enterprise 34285.71 EUR
now         held-as-disputed EUR 11868.14
community   gives D1 mails
community   gives D1 mails                       -> refused EVIDENCE_TWICE
enterprise  gives D9 mails                       -> refused UNKNOWN_DISPUTE
judge       gives D1 opinion                     # what an expert found, for instance
stranger    gives D1 mails                       -> refused SIGNER_NOT_PARTY
now         dispute D1 is EVIDENCE
community   rules D1 C2 quality 1/2 C4 reject    -> refused NOT_MEDIATOR
judge       rules D1 C2 quality 1/2              -> refused OTHER_SUBJECTS
judge       rules D1 C2 quality 1/2 C4 amount 1.00            -> refused REMEDY_UNFIT
judge       rules D1 C2 quality 1/2 C4 reassign community     -> refused OUTSIDE_POSITIONS
judge       rules D1 wrongly C2 quality 1/2 C4 reject         -> refused EFFECT_MISMATCH
judge       rules D1 C2 quality 1/2 C4 reject
now         dispute D1 is RULED
now         C2 is CORRECTED
enterprise  settles                              -> due community 9230.77 EUR enterprise 2637.37 EUR
now         held-as-disputed EUR 0
enterprise  disputes D2 C2 reject                -> refused ALREADY_DECIDED
judge       rules D1 C2 reject C4 reject         -> refused UNKNOWN_DISPUTE
---
# Who seeks nothing disputes nothing; offers are for the sides.
party community
party enterprise
party foundation
dimension T mass 10 defaults 1/2,3/10,1/5
window evidence 14
window audit 60

community   proposes
enterprise  accepts
foundation  accepts
community   contributes C1 5 hour
community   contributes C2 5 hour
community   contributes C3 5 hour
enterprise  attests C1
enterprise  disputes D1 C1 stand                 -> refused NOTHING_SOUGHT
enterprise  disputes D1 C1 quality 1             -> refused NOTHING_SOUGHT
enterprise  disputes D1 C2 reject                -> refused NOT_DISPUTABLE
enterprise  disputes D1 C1 amount 5.00           -> refused REMEDY_UNFIT
enterprise  disputes D1 C1 reassign stranger     -> refused REMEDY_UNFIT
enterprise  reports B1 sales 100.00 EUR
community   confirms B1
enterprise  reverses R1 B1 40.00
community   confirms-reversal R1
community   disputes D1 B1 amount 30.00          -> refused AMOUNT_UNFIT
enterprise  disputes D1 C1 reassign enterprise
enterprise  disputes D2 C1 reject                -> refused ALREADY_DISPUTED
foundation  offers O1 D1 C1 quality 1/2          -> refused NOT_A_SIDE
community   offers O1 D1 C1 quality 1/2
foundation  accepts-motion O1                    -> refused NOT_ASKED
enterprise  offers O2 D1 C1 reassign enterprise
clock       2026-01-20T12:00:00Z
community   gives D1 mails                       -> refused EVIDENCE_LATE
enterprise  accepts-motion O1
now         dispute D1 is SETTLED
community   accepts-motion O2                    -> refused UNKNOWN_MOTION
now         shares 5/8 9/40 3/20
clock       2026-03-20T12:00:00Z
enterprise  disputes D3 B1 amount 50.00          -> refused BEYOND_AUDIT
---
# Amounts: the lower one is paid out until it is decided.
recoups compute

community   proposes
enterprise  accepts
community   contributes C1 10 hour
enterprise  attests C1
enterprise  spends K1 compute 40.00 EUR invoice bill-1
community   confirms-cost K1
enterprise  reports B1 sales 100.00 EUR
community   confirms B1
community   disputes D1 K1 amount 10.00 B1 amount 160.00
now         between community EUR 6000 15000
now         between enterprise EUR 1000 4000
enterprise  settles                              -> due community 60.00 EUR enterprise 10.00 EUR
enterprise  offers O1 D1 K1 amount 20.00 B1 amount 130.00
community   accepts-motion O1
enterprise  settles                              -> due community 50.00 EUR enterprise 10.00 EUR
now         allocated EUR 110.00 20.00
---
# What one party claims and another says is its own.
dimension T mass none defaults 1/2,1/2

community   proposes
enterprise  accepts
community   contributes C1 30 hour
enterprise  contributes C2 10 hour
enterprise  attests C1
community   attests C2
enterprise  reports B1 sales 100.00 EUR
community   confirms B1
enterprise  settles                              -> due community 75.00 EUR enterprise 25.00 EUR
community   disputes D1 C2 reassign community
now         between community EUR 7500 10000
now         between enterprise EUR 0 2500
enterprise  settles                              -> due
enterprise  reports B2 sales 100.00 EUR
community   confirms B2
enterprise  settles                              -> due community 75.00 EUR
enterprise  offers O1 D1 C2 reassign community
community   accepts-motion O1
now         shares 1 0
enterprise  settles                              -> due community 50.00 EUR enterprise -25.00 EUR
---
community   proposes
enterprise  accepts
community   contributes C1 10 hour
enterprise  rejects C1
community   disputes D1 C1 quality 1/2           # also what was rejected may be disputed
community   takes-back D1
now         dispute D1 is WITHDRAWN
enterprise  takes-back D1                        -> refused NOTHING_TO_TAKE_BACK
community   disputes D2 C1 quality 1/2
enterprise  takes-back D2                        -> refused NOT_YOURS
enterprise  offers O1 D2 C1 quality 1/4
community   accepts-motion O1
now         C1 is CORRECTED
now         shares 31/40 9/40
