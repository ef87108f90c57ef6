def linear(x, weight, bias):
    return x
