import { DataResource } from 'cdktf';
import { AdminPassword } from '../../constructs/admin-password';
import { passwordPreconditions } from '../../constructs/password-rules';
import { laneSuite } from '../support/lanes';
import { synthesizeConstructs } from '../support/synth';
import { TerraformDirectory } from '../support/terraform';

laneSuite('terraform', 'passwordPreconditions, as Terraform judges them', () => {
  let terraform: TerraformDirectory;
  beforeAll(() => {
    terraform = new TerraformDirectory();
    terraform.put(
      synthesizeConstructs((stack) => {
        const password = new AdminPassword(stack, 'AdminPassword');
        // Stands for the cluster: part of Terraform itself, so that planning needs no Azure.
        new DataResource(stack, 'Cluster', {
          lifecycle: { precondition: passwordPreconditions(password.value) },
        });
        stack.addOverride('terraform.backend', { local: { path: 'test.tfstate' } });
        stack.addOverride('provider', undefined);
        stack.addOverride('terraform.required_providers', undefined);
      }),
    );
    const init = terraform.run(['init', '-input=false', '-no-color']);
    if (init.status !== 0) throw new Error(init.output);
  }, 60_000);
  afterAll(() => terraform.remove());

  const plan = (password: string) =>
    terraform.run(['plan', '-input=false', '-no-color'], { TF_VAR_admin_password: password });

  test.each([
    ['three kinds', 'Abcdefg1'],
    ['symbols as the third kind', 'abcdefg1!'],
    ['the longest', `Aa1${'x'.repeat(125)}`],
  ])('accepts %s', (_title, password) => {
    expect(plan(password)).toMatchObject({ status: 0 });
  });

  test.each([
    ['too short', 'Abcdef1', '8 to 128 characters'],
    ['too long', `Aa1${'x'.repeat(126)}`, '8 to 128 characters'],
    ['two kinds', 'abcdefgh1', 'characters of 3 kinds out of small letters, capitals, digits, symbols'],
  ])('refuses %s, and does not print it', (_title, password, reason) => {
    const { status, output } = plan(password);
    expect(status).toBe(1);
    expect(output.replace(/\s+/g, ' ')).toContain(reason);
    expect(output).not.toContain(password);
  });

  test('asks for a password where there is none', () => {
    const { status, output } = terraform.run(['plan', '-input=false', '-no-color']);
    expect(status).toBe(1);
    expect(output).toContain('admin_password');
  });
});
