"""Checks a job's input against a schema (jobs.md §10.7, W-17)."""

import json


def validate(raw_input, schema):
    """Gives `{"validated_input": …}`, a copy with defaults filled in, or `{"errors": […]}` with every problem found.

    A schema has for each key its rules: `type`, `required`, `default`, `constraints` (a callable).
    """
    errors = [f"Unexpected input. {key} is not a valid input option." for key in raw_input if key not in schema]
    validated = dict(raw_input)
    rules_of = _read_schema(schema, errors)
    for key, rules in rules_of.items():
        _check_presence(key, rules, validated, errors)
    for key, rules in rules_of.items():
        _check_value(key, rules, validated, errors)
    return {"errors": errors} if errors else {"validated_input": validated}


def _read_schema(schema, errors):
    rules_of = {}
    for key, rules in schema.items():
        if not isinstance(rules, dict):
            try:
                rules = json.loads(rules)
            except (TypeError, ValueError):
                pass
        if isinstance(rules, dict):
            rules_of[key] = rules
        else:
            errors.append(f"Schema error, {key} is not a dictionary.")
    return rules_of


def _check_presence(key, rules, validated, errors):
    if "type" not in rules:
        errors.append(f"Schema error, missing type for {key}.")
    if "required" not in rules or (rules["required"] and key not in validated):
        errors.append(f"{key} is a required input.")
    elif key not in validated:
        if "default" in rules:
            validated[key] = rules["default"]
        else:
            errors.append(f"Schema error, missing default value for {key}.")


def _check_value(key, rules, validated, errors):
    if key in validated:
        wanted = rules.get("type", object)
        if wanted is float and type(validated[key]) is int:
            validated[key] = float(validated[key])
        value = validated[key]
        if "default" in rules and isinstance(value, type(rules["default"])):
            return
        if not _is_of(value, wanted):
            errors.append(f"{key} should be {wanted} type, not {type(value)}.")
    if "constraints" in rules and not rules["constraints"](validated.get(key)):
        errors.append(f"{key} does not meet the constraints.")


# The types in a schema of JSON text are names.
def _is_of(value, wanted):
    try:
        return isinstance(value, wanted)
    except TypeError:
        return False
