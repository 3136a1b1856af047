-- Lists by phase go straight to the operations of that phase, of a client or of all.
CREATE INDEX operations_client_phase ON operations (client, phase, seq);
CREATE INDEX operations_phase ON operations (phase, seq);

-- Events are listed by their times. These take the place of the indexes by number.
CREATE INDEX audit_times ON audit (time, seq);
CREATE INDEX audit_client_times ON audit (client, time, seq);
CREATE INDEX audit_library_times ON audit (library, time, seq);
DROP INDEX audit_client;
DROP INDEX audit_library;
DROP INDEX audit_time;

-- How long each process is set to know a request, in microseconds; absent for a program that does not tell.
ALTER TABLE members ADD COLUMN requests_kept BIGINT;
