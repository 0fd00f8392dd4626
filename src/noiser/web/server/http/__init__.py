"""HTTP: connections, bodies and answers, each with its deadlines and limits."""
