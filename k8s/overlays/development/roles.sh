#!/bin/sh
# One database and one role to a service, and no rights on each other's.
set -eu
for service in repertory router ledger declarations rights; do
  psql --set ON_ERROR_STOP=1 --username "$POSTGRES_USER" <<SQL
CREATE ROLE $service LOGIN PASSWORD 'development';
CREATE DATABASE $service OWNER $service;
REVOKE CONNECT ON DATABASE $service FROM PUBLIC;
SQL
done
