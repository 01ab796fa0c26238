"""CodeHealer, the application: reads failure alerts in Slack, diagnoses, proposes, and acts only on a person's click."""
