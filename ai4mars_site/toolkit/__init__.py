"""What every app uses: tasks, jobs, commands, errors, uploads. Knows no app."""
