-- What waits for a person or for a parent.

-- The mass-change breaker of a mapping. Decided by writing `state`: the engine carries the decision out.
CREATE TABLE duet.breaker (
    mapping_id bigint PRIMARY KEY REFERENCES duet.mapping ON DELETE CASCADE,
    state text NOT NULL CHECK (state IN ('closed', 'tripped', 'approved', 'discarded')),
    window_from bigint NOT NULL, -- ms of the engine's clock
    deletes bigint NOT NULL,
    updated_at timestamptz NOT NULL DEFAULT clock_timestamp()
);

CREATE INDEX lane_parked ON duet.lane (mapping_id, id) WHERE parked;
-- Among a million held deletes, the few that wait for something else are still found at once.
CREATE INDEX lane_parked_new ON duet.lane (mapping_id, id) WHERE parked AND sfid IS NULL;
CREATE INDEX lane_waits ON duet.lane (mapping_id, id) WHERE parked AND (state -> 'waits_for') IS NOT NULL;
