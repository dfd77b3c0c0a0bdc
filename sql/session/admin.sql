-- What a person or a migration asks for. A DDL statement that waits for a lock makes every later reader wait: it gives up soon.
SET xmlbinary = 'hex';
SET synchronous_commit = on;
SET lock_timeout = '5s';
SET idle_in_transaction_session_timeout = '300s';
