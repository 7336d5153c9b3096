-- When a session began another lab. What is marked is on its way out, together with its account.

ALTER TABLE labs ADD COLUMN left_at INTEGER;
