-- A database as release 0.1.0 left it: fuse, energy management, two chargers, one of them paired.
PRAGMA journal_mode=WAL;
CREATE TABLE cem_grid_connection (id INTEGER NOT NULL, phases INTEGER NOT NULL, fuse_l1_a FLOAT NOT NULL, fuse_l2_a FLOAT NOT NULL, fuse_l3_a FLOAT NOT NULL, margin_a FLOAT, base_load_l1_a FLOAT NOT NULL, base_load_l2_a FLOAT NOT NULL, base_load_l3_a FLOAT NOT NULL, static_share_l1_a FLOAT, static_share_l2_a FLOAT, static_share_l3_a FLOAT, revision INTEGER NOT NULL, PRIMARY KEY (id));
CREATE TABLE cem_energy_management (id INTEGER NOT NULL, "on" BOOLEAN NOT NULL, confirmed_no_other BOOLEAN NOT NULL, revision INTEGER NOT NULL, PRIMARY KEY (id));
CREATE TABLE cem_charger (ski VARCHAR NOT NULL, min_a FLOAT NOT NULL, max_a FLOAT NOT NULL, phases INTEGER NOT NULL, wiring VARCHAR NOT NULL, failsafe_a FLOAT NOT NULL, priority INTEGER NOT NULL, revision INTEGER NOT NULL, PRIMARY KEY (ski));
CREATE TABLE cem_paired (ski VARCHAR NOT NULL, PRIMARY KEY (ski));
CREATE TABLE cem_memory (id INTEGER NOT NULL, grid_meter VARCHAR, controller_epoch INTEGER NOT NULL, PRIMARY KEY (id));
CREATE TABLE cem_audit (id INTEGER NOT NULL, at DATETIME NOT NULL, actor VARCHAR NOT NULL, role VARCHAR NOT NULL, origin VARCHAR NOT NULL, setting VARCHAR NOT NULL, "before" VARCHAR NOT NULL, "after" VARCHAR NOT NULL, PRIMARY KEY (id));
INSERT INTO cem_grid_connection VALUES (1, 3, 35.0, 35.0, 32.0, NULL, 5.0, 4.0, 3.0, 12.0, NULL, 12.0, 7);
INSERT INTO cem_energy_management VALUES (1, 1, 1, 3);
INSERT INTO cem_charger VALUES ('aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa', 6.0, 16.0, 3, 'STR', 6.0, 1, 2);
INSERT INTO cem_charger VALUES ('bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb', 6.0, 32.0, 1, 'RST', 0.0, 2, 1);
INSERT INTO cem_paired VALUES ('aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa');
INSERT INTO cem_memory VALUES (1, 'grid-1', 1795340000000);
INSERT INTO cem_audit VALUES (1, '2026-11-21 08:00:00.000000', 'sven', 'service', 'site', 'grid-connection', 'null', '{"phases": 3}');
