def test_batch():
    assert True
