package scangate.zaprules;

/** What an active rule says of itself and in its alerts; {@code cwe} and {@code wasc} are ids of those lists. */
record AttackFacts(int id, String name, String description, String solution, int cwe, int wasc) {}
