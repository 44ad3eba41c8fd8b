from zappa.asynchronous import task, run, get_async_response

@task
def process_chunk(chunk_id, data_chunk):
    """Process data chunk."""
    return {
        'chunk_id': chunk_id,
        'processed_count': len(data_chunk),
        'sum': sum(data_chunk)
    }

# Process large dataset in parallel chunks
large_dataset = list(range(10000))
chunk_size = 1000
responses = []

for i in range(0, len(large_dataset), chunk_size):
    chunk = large_dataset[i:i+chunk_size]
    response = run(process_chunk, i//chunk_size, chunk)
    responses.append(response)

# Collect results
results = []
for response in responses:
    result = get_async_response(response.response_id)
    results.append(result)

print(f"Processed {len(results)} chunks")
