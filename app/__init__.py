"""The HydroML web application. Decisions behind its structure are recorded in docs/decisions/."""
