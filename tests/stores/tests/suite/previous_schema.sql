-- What a program of schema 2 has left behind and goes on with: it holds `op-old`, whose first item it has begun and whose
-- second it has deleted, and was about to send a picture.
INSERT INTO members (id, label, beat, since) VALUES ('old', 'old-host', 1, 1772366400000000);
INSERT INTO operations (id, client, request_id, request_digest, kind, task, phase, total, succeeded, takes, tries, created,
                        updated, version, token, member, paused, due)
VALUES ('op-old', 'anna', 'r-1', NULL, 'delete',
        '{"kind":"delete","images":[{"album":{"library":"shelf","album":"a"},"image":"i0"},{"album":{"library":"shelf","album":"a"},"image":"i1"},{"album":{"library":"shelf","album":"a"},"image":"i2"}]}',
        'running', 3, 1, 1, 1, 1772366400000000, 1772366400000000, 4, 1, 'old', 1772366400000000, 1772366400000000);
INSERT INTO operation_tries (operation, number, worker, began) VALUES ('op-old', 1, 'old-host', 1772366400000000);
INSERT INTO operation_items (operation, place, state, outcome) VALUES ('op-old', 0, 'begun', NULL);
INSERT INTO operation_items (operation, place, state, outcome) VALUES ('op-old', 1, 'succeeded', '{"outcome":"deleted"}');
INSERT INTO catalogue (library, album, sha256, image, name, class, recorded)
VALUES ('shelf', 'a', '0101010101010101010101010101010101010101010101010101010101010101', 'i9', 'nine.png', NULL, 1772366400000000);
INSERT INTO claims (library, album, sha256, token, member, intent_name, intent_class, intent_since)
VALUES ('shelf', 'a', '0202020202020202020202020202020202020202020202020202020202020202', 1, 'old', 'two.png', NULL, 1772366400000000);
