"""The floor: what every other storey stands on, and which stands on nothing of ours."""
