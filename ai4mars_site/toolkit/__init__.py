"""Tools that every app uses: tasks, jobs, commands, errors, uploads. Imports no app."""
