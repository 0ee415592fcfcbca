back-date   30
clock       2026-03-31T23:50:00Z
community   proposes
enterprise  accepts
community   contributes C1 1 hour work 2026-03-01..2026-03-31T23:53:00Z     # ends the moment it is admitted
community   contributes C2 1 hour work 2026-03-01..2026-03-31T23:54:00.001Z -> refused WORK_IN_FUTURE
community   contributes C3 1 hour work 2025-01-01..2026-03-01T23:55:00Z     # began long ago, ended 30 days ago
community   contributes C4 1 hour work 2025-01-01..2026-03-01T23:55:00Z     -> refused WORK_TOO_OLD
community   contributes C5 1 hour work 2026-03-02..2026-03-01               -> refused END_BEFORE_BEGIN
