"""The program on the lobby device: journals every act first, talks to the office over HTTP only."""
