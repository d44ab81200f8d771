"""Pure arithmetic a CFO can check; every formula names its source."""
