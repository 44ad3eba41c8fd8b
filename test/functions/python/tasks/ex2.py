from zappa.asynchronous import task_sns, run

@task_sns
def send_email_batch(email_list, subject, body):
    """Send batch emails asynchronously via SNS."""
    import boto3
    ses = boto3.client('ses')

    results = []
    for email in email_list:
        response = ses.send_email(
            Source='noreply@example.com',
            Destination={'ToAddresses': [email]},
            Message={
                'Subject': {'Data': subject},
                'Body': {'Text': {'Data': body}}
            }
        )
        results.append(response['MessageId'])

    return results

# Execute large batch operation
emails = ['user1@example.com', 'user2@example.com']
response = run(send_email_batch, emails,
               subject='Newsletter',
               body='Welcome to our newsletter!')
