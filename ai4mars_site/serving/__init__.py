"""What runs the site: web server, supervisor, embedded broker, logs."""
