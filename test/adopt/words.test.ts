import { tellingTags } from '../../scripts/adopt/words';

it('names the tags that look like secrets, and no others', () => {
  const tags = {
    password: 'hunter2',
    'API-Key': 'x',
    conn: 'postgresql://citus:S3cret@db.example.com/citus',
    old: 'host=db;Password=S3cret;',
    url: 'https://wiki.example.com:8443/page@v2',
    owner: 'trucks',
    note: 'rotated on Monday',
  };
  expect(tellingTags(tags)).toEqual(['password', 'API-Key', 'conn', 'old']);
});
