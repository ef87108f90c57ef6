def main(*given, **named):
    return 0
