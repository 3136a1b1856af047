-- The most that an operation may cost, and what it has cost in each library; null means without a limit, and nothing.
ALTER TABLE operations ADD COLUMN budget TEXT;
ALTER TABLE operations ADD COLUMN costs TEXT;
